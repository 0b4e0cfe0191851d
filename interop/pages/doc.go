// Package pages walks the real pages in Debian's Chromium: narrow and wide, in
// two languages, with scripts off, by keyboard alone, with axe-core looking.
//
//	tab ─▶ open, press, type ─▶ look: fits, speaks the language, nothing found
//	                              └─▶ with -pictures: docs/pages/*.png
package pages
