// Package profiles says what is cached, table by table.
//
// A [Profile] is a handful of settings; a [Set] gives profiles to tables by
// name or pattern, the most specific one winning:
//
//	profiles.Set{
//		"*":                    {TTL: time.Hour},                       // where a query asks for it
//		"shop_*":               {Ops: profiles.All, TTL: time.Hour},
//		"shop_carts":           {Never: true},
//		profiles.Table(User{}): {Ops: profiles.Get, Region: "shared"},
//	}
//
// [Set.Compile] checks a set and makes the [Matcher] that queries use. How a
// profile is carried out is the business of others: this package neither
// reads SQL nor keeps results.
package profiles
