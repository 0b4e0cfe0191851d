package server

import "slices"

// narrowResources lets the token request name some of the resources of its grant
// (RFC 8707 §2.2): this one access token is for those, the grant keeps them all.
func (t *tokenRequest) narrowResources(ticket *ticket) error {
	wanted, err := readResources(t.form)
	if err != nil || len(wanted) == 0 || ticket.catalog.Settings.Resource == "ignored" {
		return err
	}
	granted := ticket.ask.Resources
	if len(granted) == 0 {
		granted = ticket.grant.Shape.Audience
	}
	for _, resource := range wanted {
		if !slices.Contains(granted, resource) {
			return refuse("invalid_target", "the grant is not for the resource %s", resource)
		}
	}
	ask := *ticket.ask
	ask.Resources = wanted
	ticket.ask, ticket.facts.NarrowResources = &ask, wanted
	return nil
}
