// Package java lets the Nimbus OpenID Connect SDK sign a person in, with HtmlUnit
// as the person's browser, and a published client get tokens for machines. The Go
// side runs the command; the Java side knows nothing of it.
package java
