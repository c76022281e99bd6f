package main

import (
	"context"
	"crypto/pbkdf2"
	"crypto/rand"
	"crypto/sha256"
	"crypto/subtle"
	"encoding/base64"
	"errors"
	"fmt"
	"math/big"
	"strings"

	"github.com/muster-scim/muster/scim"
)

// policy says what initial passwords look like.
type policy struct{ Length int }

// classes are the kinds of characters of which each password has one at least. Those that
// look alike are left out.
var classes = []string{"abcdefghijkmnpqrstuvwxyz", "ABCDEFGHJKLMNPQRSTUVWXYZ", "23456789", "!#%+-=?@"}

// make makes a password.
func (p policy) make() (string, error) {
	if p.Length < 12 {
		return "", errors.New("initial passwords need 12 characters at least")
	}
	text := make([]byte, p.Length)
	for i := range text {
		from := strings.Join(classes, "")
		if i < len(classes) {
			from = classes[i]
		}
		n, err := rand.Int(rand.Reader, big.NewInt(int64(len(from))))
		if err != nil {
			return "", err
		}
		text[i] = from[n.Int64()]
	}
	for i := len(text) - 1; i > 0; i-- { // the classes in any order
		n, err := rand.Int(rand.Reader, big.NewInt(int64(i+1)))
		if err != nil {
			return "", err
		}
		text[i], text[n.Int64()] = text[n.Int64()], text[i]
	}
	return string(text), nil
}

// stretching is what guessing a password costs, in rounds of HMAC-SHA-256.
const stretching = 600_000

func hash(password string, salt []byte) (string, error) {
	key, err := pbkdf2.Key(sha256.New, password, salt, stretching, sha256.Size)
	return base64.StdEncoding.EncodeToString(salt) + "$" + base64.StdEncoding.EncodeToString(key), err
}

// isPassword reports whether a hash is that of a password.
func isPassword(hashed, password string) bool {
	text, _, _ := strings.Cut(hashed, "$")
	salt, err := base64.StdEncoding.DecodeString(text)
	if err != nil {
		return false
	}
	again, err := hash(password, salt)
	return err == nil && subtle.ConstantTimeCompare([]byte(hashed), []byte(again)) == 1
}

// welcome gives a new user an initial password and sends it. It is told of each new user
// again until it has done so; who has chosen a password meanwhile keeps it. The password
// itself is in the letter only: neither Azure nor a log nor a table ever has it.
func (a *app) welcome(ctx context.Context, e scim.Event) error {
	if e.Type != scim.UserCreated {
		return nil
	}
	password, err := a.config.Passwords.make()
	if err != nil {
		return err
	}
	salt := make([]byte, 16)
	_, _ = rand.Read(salt) // never fails
	hashed, err := hash(password, salt)
	if err != nil {
		return err
	}
	set, err := query(ctx, a.db, func(email *string) []any { return []any{email} },
		`UPDATE users SET password = $2 WHERE id = $1 AND must_change RETURNING email`, e.ResourceID, hashed)
	if err != nil || len(set) == 0 {
		return err
	}
	return a.mail(set[0], fmt.Sprintf("Welcome to TIM. Your initial password is %s – you will be asked to change it.", password))
}
