// Package nationalid knows the form of Norwegian national identity numbers: a
// date of birth, an individual number and two check digits of modulus 11.
// Synthetic ones, which nobody has, carry the month + 80.
//
// It never says who has a number, and its errors never hold one.
package nationalid

import "errors"

// Length is how many digits a number has.
const Length = 11

var (
	first  = [...]int{3, 7, 6, 1, 8, 9, 4, 5, 2}
	second = [...]int{5, 4, 3, 2, 7, 6, 5, 4, 3, 2}
)

// A Kind says whose a number can be.
type Kind int

// Kinds of numbers.
const (
	Real      Kind = iota + 1 // months 1 to 12: of a person; days 41 to 71 are D-numbers
	Synthetic                 // months 81 to 92: of nobody
)

// Parse checks a number and gives its kind. The error says what is wrong in
// words that fit behind the name of a field.
func Parse(number string) (Kind, error) {
	if len(number) != Length {
		return 0, errors.New("it does not have 11 digits")
	}
	for i := range Length {
		if number[i] < '0' || number[i] > '9' {
			return 0, errors.New("it has something else than digits")
		}
	}
	day, month := two(number), two(number[2:])
	kind := Real
	if month > 80 {
		kind, month = Synthetic, month-80
	}
	if day > 40 {
		day -= 40
	}
	if day < 1 || day > 31 || month < 1 || month > 12 {
		return 0, errors.New("it does not begin with a date")
	}
	if digit(number, first[:]) != int(number[9]-'0') || digit(number, second[:]) != int(number[10]-'0') {
		return 0, errors.New("its check digits are wrong")
	}
	return kind, nil
}

func two(digits string) int { return 10*int(digits[0]-'0') + int(digits[1]-'0') }

// digit gives the check digit of modulus 11 over as many digits as there are
// weights; 10, which no digit is, where there is none.
func digit(number string, weights []int) int {
	sum := 0
	for i, w := range weights {
		sum += w * int(number[i]-'0')
	}
	return (11 - sum%11) % 11
}
