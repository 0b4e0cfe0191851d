// Package web is what a person sees: the pages of the provider, their one style
// sheet and their sentences in every language.
//
//	page model ──▶ templates/ ◀── languages/*.yaml
//	                   │
//	                   ▼
//	        layout, banner, one form ──▶ HTML ──links to──▶ /assets/ (content-hash names)
//
// Pages work without scripts, by keyboard and with a screen reader. The only
// script is the one line that posts a form_post response, under the nonce of the
// page's content security policy.
//
// The package never decides, never reads a request and never knows package
// server: page models reach it as any, and templates name their fields. It loads
// nothing from other hosts, a client's logo included, so that nobody learns who
// is signing in where.
package web
