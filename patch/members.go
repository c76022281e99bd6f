package patch

// Member is one element of a group's "members".
type Member struct {
	ID      string
	Type    string // "User" or "Group"; empty if nobody said
	Display string // for reading; stores need not keep it
}
