package hook

import "bytes"

// scissors is what follows the comment character in the line below which git
// drops everything of a message: `git commit --verbose` shows the diff there,
// removed lines included (git-commit(1), --cleanup).
var scissors = []byte(" ------------------------ >8 ------------------------")

// Message is what can become the commit's message of the file that git hands to
// commit-msg: all of it up to the scissors line. Comment lines stay, as
// they are kept where the message came by -m or -F.
func Message(file []byte) []byte {
	for at := 0; at < len(file); {
		line, _, _ := bytes.Cut(file[at:], []byte("\n"))
		if mark, ok := bytes.CutSuffix(bytes.TrimRight(line, "\r"), scissors); ok && len(mark) > 0 && len(mark) <= maxCommentString {
			return file[:at]
		}
		at += len(line) + 1
	}
	return file
}

// maxCommentString: core.commentString is a character or a short word.
const maxCommentString = 16
