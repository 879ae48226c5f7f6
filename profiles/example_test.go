package profiles_test

import (
	"fmt"
	"time"

	"github.com/seed92106438/cacheops/profiles"
)

func Example() {
	type User struct{ ID int }

	set := profiles.Set{
		"*":                    {TTL: time.Hour}, // cached where a query asks for it
		"shop_*":               {Ops: profiles.All, TTL: 10 * time.Minute, Jitter: 0.1},
		"shop_carts":           {Never: true},
		profiles.Table(User{}): {Ops: profiles.Get | profiles.Count},
	}
	matcher, err := set.Compile(nil)
	if err != nil {
		fmt.Println(err)
		return
	}
	for _, table := range []string{"users", "shop_items", "shop_carts", "posts"} {
		profile, key := matcher.Match(table)
		fmt.Printf("%-10s by %-10s Ops %v, Never %t\n", table, key, profile.Ops, profile.Never)
	}
	// Output:
	// users      by users      Ops Get|Count, Never false
	// shop_items by shop_*     Ops All, Never false
	// shop_carts by shop_carts Ops none, Never true
	// posts      by *          Ops none, Never false
}

func ExampleSet_Compile() {
	set := profiles.Set{
		"shop_*": {Ops: profiles.All, Region: "redis"},
		"users":  {Never: true, TTL: time.Hour},
	}
	_, err := set.Compile(func(region string) bool { return region == "memory" })
	fmt.Println(err)
	// Output:
	// cacheops: invalid profile "shop_*": unknown region "redis"
	// cacheops: invalid profile "users": Never leaves no room for other settings
}
