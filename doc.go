// Package tillit is the domain of an OpenID Provider and OAuth 2.0
// authorization server in which every scope and every claim has an owner, a
// rule and a reason.
//
//	catalog + client + ask + facts ──Decide──▶ decision (verdicts, needs, shape) + trace
//
// The package is pure: no clock, no store, no network, no randomness, nothing
// beyond the standard library. What it decides, package server carries out.
//
// # Reading order
//
// [Scope] and [Claim] are what a [Catalog] holds; [Client] is who asks, [Ask]
// what was asked, [Facts] what is known. [Decide] gives a [Decision]: one
// [Reason] for everything asked for, the [Need] that comes next, the [Shape] of
// what will be issued.
package tillit
