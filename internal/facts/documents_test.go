package facts

import (
	"fmt"
	"os"
	"strings"
)

// documents are where the state of the facts is written, between the markers
// <!-- facts:begin TABLE --> and <!-- facts:end TABLE -->.
var documents = []struct {
	path  string
	table string
	has   func(*Fact) bool
}{
	{"../../docs/realms/bankid.md", "bankid", inTable("bankid", "bankid")},
	{"../../docs/realms/buypass.md", "buypass", inTable("buypass", "buypass")},
	{"../../docs/realms/idporten.md", "idporten", inTable("digdir", "idporten")},
	{"../../docs/realms/maskinporten.md", "maskinporten", inTable("digdir", "maskinporten")},
	{"../../docs/standards.md", "standards", inTable("standards", "buypass")},
}

func inTable(table, realm string) func(*Fact) bool {
	return func(f *Fact) bool { return strings.HasPrefix(f.ID, table+"/") && f.Realm == realm }
}

// writeStates writes the facts of one document, each with what it waits for or
// that its fault was found.
func writeStates(path, table string, has func(*Fact) bool, state map[string]string) error {
	text, err := os.ReadFile(path)
	if err != nil {
		return err
	}
	begin, end := "<!-- facts:begin "+table+" -->", "<!-- facts:end "+table+" -->"
	before, rest, found := strings.Cut(string(text), begin)
	_, after, ended := strings.Cut(rest, end)
	if !found || !ended {
		return fmt.Errorf("no markers %s … %s", begin, end)
	}
	var b strings.Builder
	b.WriteString("\n| fact | says | state | fault |\n|---|---|---|---|\n")
	holds, all := 0, 0
	for _, t := range tables {
		for i := range t.facts {
			fact := &t.facts[i]
			if !has(fact) {
				continue
			}
			all++
			fault := ""
			if fact.Waits() == "" {
				holds++
				fault = faultCell(fact)
			}
			fmt.Fprintf(&b, "| %s | %s | %s | %s |\n", fact.ID, cell(fact.Text), cell(state[fact.ID]), fault)
		}
	}
	summary := fmt.Sprintf("\n%d of %d hold, with their faults found; the others wait.\n", holds, all)
	return os.WriteFile(path, []byte(before+begin+"\n"+summary+b.String()+end+after), 0o644)
}

func faultCell(f *Fact) string {
	switch {
	case f.Fault.Rule != "":
		return "rule `" + f.Fault.Rule + "` off"
	case f.Fault.Server != "":
		return "check “" + cell(f.Fault.Server) + "” off"
	}
	realm := f.Fault.Realm
	if realm == "" {
		realm = f.Realm
	}
	if f.Fault.Demo {
		realm = "demo/" + realm
	}
	return "`" + realm + ".yaml`: `" + oneLine(f.Fault.Old) + "` → `" + oneLine(f.Fault.New) + "`"
}

func oneLine(text string) string {
	return cell(strings.Join(strings.Fields(text), " "))
}

func cell(text string) string { return strings.ReplaceAll(text, "|", "\\|") }
