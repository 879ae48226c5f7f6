package wire

import "testing"

// BenchmarkCodec seals and opens an entry of a few hundred bytes.
func BenchmarkCodec(b *testing.B) {
	e := sample()
	for _, options := range []string{"plain", "compressed", "encrypted"} {
		c := codecs(b)[options]
		sealed := seal(b, c, e)
		b.Run(options+"/seal", func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				if _, err := c.Seal(e, name); err != nil {
					b.Fatal(err)
				}
			}
		})
		b.Run(options+"/open", func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				if _, err := c.Open(sealed, name); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
