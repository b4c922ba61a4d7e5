package access

import (
	"strings"
	"testing"
)

// A login request whose name is only Hangul fillers looks as if it had none; one with tag
// characters hides a text; one with 150 marks draws over the rows beside it. None of these
// is accepted as a name.
func TestTextThatIsNotWhatItLooksLike(t *testing.T) {
	for what, s := range map[string]string{
		"text_invalid: bytes":                       "a\xffb",
		"text_invalid: what was garbled":            "Ren\uFFFDe",
		"text_invisible: Hangul filler":             "\u3164",
		"text_invisible: half-width filler":         "\uFFA0",
		"text_invisible: initial filler":            "\u115F\u1160",
		"text_invisible: braille blank":             "\u2800\u2800",
		"text_invisible: null note":                 "\U0001D159",
		"text_invisible: soft hyphen":               "Ad\u00ADa",
		"text_invisible: grapheme joiner":           "A\u034Fda",
		"text_invisible: tags":                      "Ada\U000E0041\U000E0064",
		"text_invisible: tags that are a flag":      "\U0001F3F4\U000E0067\U000E0062\U000E007F",
		"text_invisible: language tag":              "\U000E0001",
		"text_invisible: right to left":             "a\u202Eb",
		"text_invisible: isolate":                   "a\u2066b",
		"text_invisible: mark of direction":         "a\u200Fb",
		"text_invisible: zero width space":          "a\u200Bb",
		"text_invisible: word joiner":               "a\u2060b",
		"text_invisible: invisible times":           "a\u2062b",
		"text_invisible: byte order mark":           "\uFEFFa",
		"text_invisible: Mongolian vowel separator": "a\u180Eb",
		"text_invisible: Khmer inherent vowel":      "\u17B4",
		"text_invisible: annotation":                "a\uFFF9b",
		"text_invisible: line separator":            "a\u2028b",
		"text_invisible: NUL":                       "a\x00b",
		"text_invisible: DEL":                       "a\x7fb",
		"text_invisible: private use":               "a\uE000b",
		"text_invisible: no character":              "a\uFFFEb",
		"text_invisible: joiner in Latin":           "Ada\u200DLovelace",
		"text_invisible: non-joiner in Latin":       "ad\u200Cmin",
		"text_invisible: joiner first":              "\u200Dम",
		"text_invisible: joiner last":               "क्\u200D",
		"text_invisible: two joiners":               "क्\u200D\u200Dष",
		"text_invisible: selector in Latin":         "a\uFE0F",
		"text_invisible: two selectors":             "❤\uFE0F\uFE0F",
		"text_invisible: selector in Han, Latin":    "a\U000E0100",
		"text_invisible: unassigned and ignorable":  "a\u2065b",
		"text_marks: nothing but a mark":            "\u0301",
		"text_marks: five on a letter":              "a" + strings.Repeat("\u0301", 5),
		"text_marks: 150 on a letter":               "Z" + strings.Repeat("\u0337", 150),
		"text_marks: nine Thai ones":                "ก" + strings.Repeat("\u0E49", 9),
		"text_marks: joined":                        "❤" + strings.Repeat("\u20E3", 5),
		"text_too_long: one too many":               strings.Repeat("é", 201),
	} {
		code, _, _ := strings.Cut(what, ":")
		if _, err := CleanText("name", s, 200); err == nil || Explain(err).
			Code != code || Explain(err).Field != "name" {
			t.Errorf("%s: %+q gets %v", what, s, err)
		}
	}
}

// Real names, as people write them.
func TestTextThatPeopleWrite(t *testing.T) {
	for language, s := range map[string]string{
		"Vietnamese":             "Nguyễn Thị Mỹ Dự",
		"Vietnamese, decomposed": "Nguye\u0302\u0303n Thi\u0323",
		"Hindi":                  "क्षत्रिय राम्\u200dकृष्ण मिश्र",
		"Hindi, kept apart":      "रक्\u200Cषा",
		"Bengali":                "র\u200d্যাপিড শ্রীমতী",
		"Marathi":                "आईच्या गावात रुपाली पऱ्हाड",
		"Tamil":                  "ஸ்ரீனிவாசன்",
		"Malayalam":              "ശ്രീകുമാർ",
		"Sinhala":                "ශ්\u200dරී ලංකා",
		"Thai":                   "น้ำผึ้ง ก๊วยเตี๋ยว",
		"Lao":                    "ບຸນທະນົງ",
		"Khmer":                  "ស្រីមុំ",
		"Burmese":                "မြွှို့ ကြောင့်",
		"Tibetan":                "བསྒྲུབས་ཧཱུྃ",
		"Hebrew":                 "יעל",
		"Hebrew with niqqud":     "שָׁלֹום בְּרֵאשִׁ֖ית",
		"Arabic":                 "محمد",
		"Arabic with harakat":    "مُحَمَّدٌ ٱللَّٰه",
		"Persian, kept apart":    "علی\u200cرضا می\u200cخواهم",
		"Urdu":                   "نُورُ الْعَین",
		"Korean":                 "김민준",
		"Korean Jamo":            "\u1100\u1175\u11B7",
		"Japanese":               "渡邉 はなこ",
		"Japanese, one form":     "葛\U000E0100飾区",
		"Chinese":                "欧阳娜娜 𠮷",
		"Mongolian":              "ᠮᠣᠩᠭᠣᠯ ᠬᠡᠯᠡ\u180B",
		"Greek":                  "Ἀριστοτέλης",
		"Russian":                "Щу́кин Ёжиков",
		"Yoruba":                 "Ọlájùmọ̀kẹ́",
		"Irish":                  "Seán Ó Súilleabháin",
		"French":                 "Renée d’Œuvre",
		"Polish":                 "Łódź Grzegorz",
		"Georgian":               "გიორგი",
		"Amharic":                "ተስፋዬ",
		"Adlam":                  "𞤀𞤁𞤂𞤢𞤃",
		"family":                 "👨\u200d👩\u200d👧\u200d👦",
		"profession, skin":       "👩🏽\u200d🚀 Ada",
		"flag":                   "🇩🇪 🏳️\u200d🌈 🏴\u200d☠️",
		"keycap":                 "#️⃣ 1️⃣",
		"heart":                  "❤️ ☎︎ ↔️ ‼️",
		"marks, four":            "a\u0301\u0302\u0303\u0304",
		"signs":                  "O'Brien-Smith, Jr. & Söhne (№ 5) § €",
		"numbers in Arabic":      "\u0600١٢٣",
		"200 characters":         strings.Repeat("é", 200),
		"nothing":                "",
	} {
		if got, err := CleanText("name", s, 200); err != nil || got != s {
			t.Errorf("%s: %+q gets %q, %v", language, s, got, err)
		}
	}
}

func TestShortenLeavesOutWhatCannotBeShown(t *testing.T) {
	for s, want := range map[string]string{
		"Ada": "Ada", "A\x1b[31m\u202Ed\U000E0041a\u3164\uFFFD": "A[31mda", "👩\u200d🚀": "👩\u200d🚀", "": "",
		"123456789": "12345678…",
	} {
		if got := Shorten(s, 8); got != want {
			t.Errorf("Shorten(%+q) = %+q, want %+q", s, got, want)
		}
	}
}
