package wiring

import (
	"github.com/tillit/tillit"
	"github.com/tillit/tillit/login"
	"github.com/tillit/tillit/server"
)

// needs connects the acts that scopes declare with whoever carries them out
// (docs/decisions/0004).
func (h *House) needs(book *login.Book) map[tillit.NeedKind]server.NeedPage {
	return map[tillit.NeedKind]server.NeedPage{
		tillit.NeedChangePassword:  changePassword{h, book},
		tillit.NeedSign:            &signing{h, book},
		tillit.NeedChoosePrincipal: choosePrincipal{h},
	}
}
