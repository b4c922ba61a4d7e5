package desktop

import (
	"strings"
	"testing"

	"doorward/backend/access"
)

func TestSystemLanguage(t *testing.T) {
	type env = map[string]string
	last := func(before int) env {
		return env{"LANGUAGE": strings.Repeat("xx:", before), "LANG": "de_DE"}
	}
	for name, tt := range map[string]struct {
		env  env
		want access.Language
	}{
		"German":                  {env{"LANG": "de_DE.UTF-8"}, access.German},
		"Swiss German, euro":      {env{"LANG": "de_CH.UTF-8@euro"}, access.German},
		"Brazilian":               {env{"LANG": "pt_BR"}, access.Portuguese},
		"Chinese of a country":    {env{"LANG": "zh_CN.GB18030"}, access.SimplifiedChinese},
		"Chinese of a script":     {env{"LANG": "zh_Hans"}, access.SimplifiedChinese},
		"Arabic":                  {env{"LANG": "ar_EG.UTF-8"}, access.Arabic},
		"British":                 {env{"LANG": "en_GB.UTF-8"}, access.English},
		"C":                       {env{"LANG": "C"}, access.English},
		"C with an encoding":      {env{"LANG": "C.UTF-8"}, access.English},
		"POSIX":                   {env{"LANG": "POSIX"}, access.English},
		"nothing":                 {env{}, access.English},
		"LC_ALL before LANG":      {env{"LC_ALL": "fr_FR.UTF-8", "LANG": "de_DE.UTF-8"}, access.French},
		"messages before LANG":    {env{"LC_MESSAGES": "it_IT.UTF-8", "LANG": "de_DE.UTF-8"}, access.Italian},
		"LC_ALL before messages":  {env{"LC_ALL": "pl_PL", "LC_MESSAGES": "it_IT"}, access.Polish},
		"LANGUAGE before all":     {env{"LANGUAGE": "ja:de", "LC_ALL": "fr_FR.UTF-8"}, access.Japanese},
		"LANGUAGE in a list":      {env{"LANGUAGE": "xx:es_MX:de", "LANG": "en_US.UTF-8"}, access.Spanish},
		"English before German":   {env{"LANGUAGE": "en_GB:de", "LANG": "de_DE.UTF-8"}, access.English},
		"LANGUAGE in C":           {env{"LANGUAGE": "de", "LC_ALL": "C"}, access.English},
		"LANGUAGE and no locale":  {env{"LANGUAGE": "de"}, access.English},
		"nonsense":                {env{"LANG": "../../etc/passwd"}, access.English},
		"nonsense before German":  {env{"LANGUAGE": "\x00;q=9,,:%s", "LANG": "de_DE"}, access.German},
		"a weight":                {env{"LANG": "de;q=0"}, access.English},
		"very long":               {env{"LANG": strings.Repeat("de_", 100_000)}, access.English},
		"after a very long list":  {last(100_000), access.English},
		"the last looked at":      {last(maxLocales - 1), access.German},
		"the one after that":      {last(maxLocales), access.English},
		"a language that is none": {env{"LANG": "tlh_QO.UTF-8"}, access.English},
	} {
		if got := SystemLanguage(func(name string) string { return tt.env[name] }); got != tt.want {
			t.Errorf("%s: %q, want %q", name, got, tt.want)
		}
	}
}
