// Package story tells what Decide makes of a scene that somebody wrote down, line
// by line, in the words of a realm.
//
//	story (text) ──Parse──▶ Story ──Tell──▶ decisions ──Format──▶ story (text)
//
// A realm's stories are its tests: what they say is compared with what is
// decided, and a difference is read by a person. The package reads no files.
package story
