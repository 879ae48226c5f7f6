package wire

import (
	"crypto/aes"
	"crypto/cipher"
	"crypto/hkdf"
	"crypto/rand"
	"crypto/sha256"
	"fmt"
)

// Each value is encrypted with a key of its own, which is made of the secret and a
// random salt. One key for all would be worn out by 2^32 random nonces, which a busy
// store sees within days.
const (
	keySize   = 32 // AES-256
	saltSize  = 16
	nonceSize = 12
	tagSize   = 16
)

// Labels of what is derived from the secret.
const (
	rootLabel  = "cacheops wire 1"
	valueLabel = "cacheops value"
)

// rootOf makes the key, from which the others are made, of a secret.
func rootOf(secret []byte) ([]byte, error) {
	return hkdf.Extract(sha256.New, secret, []byte(rootLabel))
}

// cipher returns the cipher of the value with a salt.
func (c *Codec) cipher(salt []byte) (cipher.AEAD, error) {
	key, err := hkdf.Expand(sha256.New, c.root, valueLabel+string(salt), keySize)
	if err != nil {
		return nil, err
	}
	block, err := aes.NewCipher(key)
	if err != nil {
		return nil, err
	}
	return cipher.NewGCM(block)
}

// bound is what is authenticated besides the content: the header, and the name that
// the value is kept under, so that values cannot be exchanged.
func bound(header []byte, name string) []byte { return append(header[:headerSize:headerSize], name...) }

// encrypt encrypts what b has behind its header.
func (c *Codec) encrypt(b []byte, name string) ([]byte, error) {
	b[atFlags] |= isEncrypted
	sealed := make([]byte, headerSize+saltSize+nonceSize, len(b)+saltSize+nonceSize+tagSize)
	copy(sealed, b[:headerSize])
	salt, nonce := saltAndNonce(sealed)
	_, _ = rand.Read(salt) // never fails
	_, _ = rand.Read(nonce)
	aead, err := c.cipher(salt)
	if err != nil {
		return nil, fmt.Errorf("cacheops: encrypting a value: %w", err)
	}
	return aead.Seal(sealed, nonce, b[headerSize:], bound(b, name)), nil
}

// decrypt returns what b has behind its header.
func (c *Codec) decrypt(b []byte, name string) ([]byte, error) {
	if len(b) < headerSize+saltSize+nonceSize+tagSize {
		return nil, damaged("it is too short")
	}
	salt, nonce := saltAndNonce(b)
	aead, err := c.cipher(salt)
	if err != nil {
		return nil, fmt.Errorf("cacheops: decrypting a value: %w", err)
	}
	inside, err := aead.Open(nil, nonce, b[headerSize+saltSize+nonceSize:], bound(b, name))
	if err != nil {
		return nil, damaged("it is not authentic")
	}
	return inside, nil
}

func saltAndNonce(b []byte) (salt, nonce []byte) {
	b = b[headerSize : headerSize+saltSize+nonceSize]
	return b[:saltSize], b[saltSize:]
}
