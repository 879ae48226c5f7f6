package cacheops_test

import (
	"context"
	"fmt"
	"log"

	"github.com/seed92106438/cacheops"
)

func ExampleGetMany() {
	db, cache := openBlog(cachedPosts)
	defer closeDB(db)
	ctx := context.Background()
	db.First(&Post{}, 1)

	posts, err := cacheops.GetMany[Post](ctx, cache, db, 1, 2, 3, 99) // asks for 2, 3 and 99
	if err != nil {
		log.Fatal(err)
	}
	_, found := posts[99]
	fmt.Println(posts[1].Title, posts[3].Title, found)

	db.Model(&Post{}).Where("id = ?", 2).Update("title", "changed")
	posts, err = cacheops.GetMany[Post](ctx, cache, db, 1, 2, 3, 99) // asks for 2
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(posts[2].Title, cache.Stats().Hits, "hits")
	// Output:
	// Post 1 Post 3 false
	// changed 4 hits
}
