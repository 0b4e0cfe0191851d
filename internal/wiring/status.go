package wiring

import (
	"encoding/base64"
	"io"
	"net/http"
	"net/url"
	"strings"
)

// mostStatusRequest bounds a question about certificates, in bytes.
const mostStatusRequest = 16 << 10

// statusAddress is where the certificates of a realm are asked about.
func (h *House) statusAddress(realm string) string { return h.issuer(realm) + "/ocsp" }

// answerStatus is the OCSP responder of realms that issue certificates (RFC 6960
// appendix A): the request in a POST, or in the path of a GET.
func (h *House) answerStatus(w http.ResponseWriter, r *http.Request) {
	realm := r.PathValue("realm")
	if h.Catalogs.Catalog(realm, "") == nil || !h.bringsCertificates(realm) {
		http.NotFound(w, r)
		return
	}
	var request []byte
	var err error
	switch r.Method {
	case http.MethodPost:
		request, err = io.ReadAll(http.MaxBytesReader(w, r.Body, mostStatusRequest))
	case http.MethodGet:
		text, unescaped := url.PathUnescape(strings.TrimPrefix(r.URL.EscapedPath(), "/"+realm+"/ocsp/"))
		if err = unescaped; err == nil {
			request, err = base64.StdEncoding.DecodeString(text)
		}
	default:
		w.Header().Set("Allow", "GET, POST")
		http.Error(w, "GET or POST", http.StatusMethodNotAllowed)
		return
	}
	if err != nil {
		http.Error(w, "no OCSP request of at most 16 KiB", http.StatusBadRequest)
		return
	}
	answer, err := h.PKI.AnswerStatus(r.Context(), realm, request)
	if err != nil {
		h.config.Log.Error("status of certificates", "realm", realm, "cause", err.Error())
	}
	w.Header().Set("Content-Type", "application/ocsp-response")
	w.Header().Set("Cache-Control", "no-store")
	w.Write(answer)
}
