package cases

import (
	"gorm.io/gorm"

	"github.com/seed92106438/cacheops/bench/shop"
)

var plucked = hit{
	read: func(db *gorm.DB) (any, error) {
		var names []string
		return &names, db.Model(&shop.Person{}).Where("street = ?", street).Order("id").Pluck("name", &names).Error
	},
	alter: addPerson, altered: "a row was created",
	bare: bareRows[string],
}

var preloaded = hit{
	read: func(db *gorm.DB) (any, error) {
		var list []shop.Person
		return &list, db.Preload("Orders", func(tx *gorm.DB) *gorm.DB { return tx.Order("orders.id") }).
			Order("id").Find(&list, "household = ?", household).Error
	},
	alter: alterOrder, altered: "an update of a child",
}

// item is a row of a join.
type item struct {
	ID    uint
	Total int64
	Name  string
}

var joined = hit{
	read: func(db *gorm.DB) (any, error) {
		var list []item
		return &list, db.Model(&shop.Order{}).Select("orders.id, orders.total, people.name").
			Joins("JOIN people ON people.id = orders.person_id").
			Where("people.household = ?", household).Order("orders.id").Find(&list).Error
	},
	alter: func(db *gorm.DB) error {
		return db.Model(&shop.Person{ID: person}).Update("name", "Another").Error
	},
	altered: "an update of the joined table",
}

// turnover is a row of an aggregate.
type turnover struct {
	Town    int
	Orders  int64
	Total   int64
	Largest int64
}

var aggregated = hit{
	read: func(db *gorm.DB) (any, error) {
		var list []turnover
		return &list, db.Model(&shop.Order{}).
			Select("people.town, count(*) AS orders, sum(orders.total) AS total, max(orders.total) AS largest").
			Joins("JOIN people ON people.id = orders.person_id").
			Group("people.town").Order("people.town").Find(&list).Error
	},
	alter: alterOrder, altered: "an update of an order",
}
