package letters

// The symbols of the two chains; 0 is the edge of a value.
const (
	lowerForm = iota + 1
	upperForm
	digitForm
	joinForm   // _ - .
	base64Form // + / =
	markForm   // ! @ # and what else a password has
	otherForm  // spaces, bytes beyond ASCII, control characters
)

const (
	digitSpell = 27 // behind the letters, 1 to 26
	joinSpell  = 28
	otherSpell = 29
)

var formOf = func() (t [256]byte) {
	for c := range t {
		switch c := byte(c); {
		case 'a' <= c && c <= 'z':
			t[c] = lowerForm
		case 'A' <= c && c <= 'Z':
			t[c] = upperForm
		case '0' <= c && c <= '9':
			t[c] = digitForm
		case c == '_' || c == '-' || c == '.':
			t[c] = joinForm
		case c == '+' || c == '/' || c == '=':
			t[c] = base64Form
		case c > ' ' && c < 0x7f:
			t[c] = markForm
		default:
			t[c] = otherForm
		}
	}
	return t
}()

var spellOf = func() (t [256]byte) {
	for c := range t {
		switch formOf[c] {
		case lowerForm:
			t[c] = byte(c) - 'a' + 1
		case upperForm:
			t[c] = byte(c) - 'A' + 1
		case digitForm:
			t[c] = digitSpell
		case joinForm:
			t[c] = joinSpell
		default:
			t[c] = otherSpell
		}
	}
	return t
}()
