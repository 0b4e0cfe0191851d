package tillit

// A StepUp is a demand on the sign-in that a token rests on (RFC 9470 §3). The
// zero value demands nothing.
type StepUp struct {
	ACR    string // a value of the catalog, or one that is above it
	MaxAge int64  // how long ago the sign-in may have been, seconds; 0: any time
}

// StepUp says what UserInfo demands for a token of the shape, and whether the
// sign-in falls short of it: the realm's own demand, and the ages that the given
// scopes allow.
func (c *Catalog) StepUp(shape *Shape, signIn *SignIn, now int64) (demand StepUp, short bool) {
	demand = c.userInfo.StepUp
	for _, name := range shape.Scopes {
		if s := c.scopes[name]; s != nil {
			demand.MaxAge = lowest(demand.MaxAge, s.SignIn.MaxAge)
		}
	}
	if demand == (StepUp{}) {
		return demand, false
	}
	return demand, signIn == nil || demand.MaxAge > 0 && now-signIn.AuthTime > demand.MaxAge || !c.reaches(signIn.ACR, demand.ACR)
}

// reaches reports whether one acr grants a wish for the other.
func (c *Catalog) reaches(value, wanted string) bool {
	if wanted == "" {
		return true
	}
	has, wish := c.acr[value], acrWish{}
	wish.add(c.acr[wanted])
	return has != nil && wish.metBy(has)
}
