package cacheops

import (
	"context"
	"errors"
	"fmt"
	"reflect"

	"gorm.io/gorm"

	"github.com/seed92106438/cacheops/invalidation"
	"github.com/seed92106438/cacheops/querykey"
)

// InvalidateRow drops results as if the row that model holds had been
// changed: those that its present values can be part of, and those that the
// row with its primary key may have been part of before. So it also serves for
// a row that was created or deleted. The model must have its primary key set.
func (p *Plugin) InvalidateRow(ctx context.Context, model any) error {
	return p.invalidate(ctx, func(d *database) ([]invalidation.Change, error) {
		shape, err := d.rowShape(ctx, model)
		if err != nil {
			return nil, err
		}
		return unseen(shape.Changes(d.name, nil, d.names(ctx), invalidation.Facts{Rows: 1})), nil
	})
}

// unseen turns updates into the end of the rows as they were and the beginning
// of the rows as they are. What happened to them was not seen: they may be new
// or gone, which counts even where no column is looked at, and the model may
// lack columns of the table.
func unseen(changes []invalidation.Change) []invalidation.Change {
	out := make([]invalidation.Change, 0, len(changes)+1)
	for _, c := range changes {
		if c.Kind != invalidation.Update {
			out = append(out, c)
			continue
		}
		out = append(out,
			invalidation.Change{Table: c.Table, Kind: invalidation.Delete, Before: c.Before, Rows: c.Rows},
			invalidation.Change{Table: c.Table, Kind: invalidation.Insert, After: c.After, Rows: c.Rows})
	}
	return out
}

// rowShape is the shape of an update of every column of one row.
func (d *database) rowShape(ctx context.Context, model any) (*invalidation.Shape, error) {
	stmt := &gorm.Statement{DB: d.root}
	if err := stmt.Parse(model); err != nil {
		return nil, fmt.Errorf("cacheops: InvalidateRow of %T: %w", model, err)
	}
	rv := reflect.Indirect(reflect.ValueOf(model))
	if rv.Kind() != reflect.Struct {
		return nil, fmt.Errorf("cacheops: InvalidateRow of %T: not one row", model)
	}
	key := invalidation.Predicate{Op: invalidation.And}
	write := invalidation.Write{Table: invalidation.Name(stmt.Table), Kind: invalidation.Update, Where: &key}
	for _, field := range stmt.Schema.Fields {
		if field.DBName == "" {
			continue
		}
		v, zero := field.ValueOf(ctx, rv)
		if field.PrimaryKey && zero {
			return nil, fmt.Errorf("cacheops: InvalidateRow of %T: its primary key is not set", model)
		}
		stored, ok := querykey.Normalize(v)
		column, operand := invalidation.Name(field.DBName), invalidation.Operand{Known: ok, Literal: stored}
		if field.PrimaryKey {
			key.Terms = append(key.Terms, invalidation.Predicate{
				Op: invalidation.Eq, Column: column, Operands: []invalidation.Operand{operand},
			})
		}
		write.Set = append(write.Set, invalidation.Assignment{Column: column, Values: []invalidation.Operand{operand}})
	}
	if len(key.Terms) == 0 {
		return nil, fmt.Errorf("cacheops: InvalidateRow of %T: the model has no primary key", model)
	}
	return &invalidation.Shape{Verb: invalidation.Mutation, Writes: []invalidation.Write{write}}, nil
}

// InvalidateModel drops every result that depends on the table of a model,
// which may also be given by its name.
func (p *Plugin) InvalidateModel(ctx context.Context, modelOrTable any) error {
	return p.invalidate(ctx, func(d *database) ([]invalidation.Change, error) {
		table, err := d.table(modelOrTable)
		if err != nil {
			return nil, err
		}
		return []invalidation.Change{d.anyOf(canonical(d.names(ctx), table))}, nil
	})
}

// anyOf is the change that makes every result on a table untrue.
func (d *database) anyOf(table string) invalidation.Change {
	return invalidation.Change{Table: invalidation.Table{Database: d.name, Name: table}, Kind: invalidation.Any, Rows: -1}
}

// InvalidateWhere drops results as if every row of the model's table for
// which the condition holds had been changed. The condition is given as to
// [gorm.DB.Where]; a condition that is not understood stands for every row.
func (p *Plugin) InvalidateWhere(ctx context.Context, model any, query any, args ...any) error {
	return p.invalidate(ctx, func(d *database) ([]invalidation.Change, error) {
		dry := d.root.Session(&gorm.Session{NewDB: true, DryRun: true, Context: ctx}).
			Unscoped().Model(model).Where(query, args...).Find(&[]map[string]any{})
		if dry.Error != nil {
			return nil, fmt.Errorf("cacheops: InvalidateWhere of %T: %w", model, dry.Error)
		}
		shape, catalog := d.shape(dry.Statement.SQL.String()), d.names(ctx)
		dep := shape.Dependency(d.name, d.stored(dry.Statement.Vars), catalog)
		name := canonical(catalog, invalidation.Name(dry.Statement.Table))
		for _, t := range dep.Tables {
			if t.Table.Name == name {
				return unseen([]invalidation.Change{{
					Table: t.Table, Kind: invalidation.Update, Before: t.Boxes(), After: t.Boxes(), Rows: -1,
				}}), nil
			}
		}
		return []invalidation.Change{d.anyOf(name)}, nil
	})
}

// InvalidateQuery drops the cached result of one query, whatever it depends
// on, from all regions. The query is not run. It must be made on the same
// kind of destination and, if the cached one has it, with the same [Key];
// other options do not matter. If the store of a shared region cannot be reached, the
// result may still be there, and the error wraps [region.ErrUnavailable].
//
// Other processes that share the region find the result gone. One that has it in its
// own memory, in a tiered region, serves it until its TTL ends or a change meets it:
// tell of the change, by InvalidateRow or InvalidateWhere, where that is too long.
//
//	err := cache.InvalidateQuery(db, func(tx *gorm.DB) *gorm.DB {
//		return tx.Find(&posts, "category_id = ?", 3)
//	})
func (p *Plugin) InvalidateQuery(db *gorm.DB, query func(tx *gorm.DB) *gorm.DB) error {
	found, err := p.Explain(db, query)
	if err != nil {
		return err
	}
	if len(found.key.Text) == 0 {
		return nil // no such query can be cached
	}
	var errs []error
	for _, r := range p.distinctRegions() {
		errs = append(errs, r.Delete(context.WithoutCancel(db.Statement.Context), found.key))
	}
	return errors.Join(errs...)
}

// InvalidateAll drops every result of the plugin's databases, and no others
// that may be kept in the same regions. The catalogue is read again.
func (p *Plugin) InvalidateAll(ctx context.Context) error {
	return p.invalidate(ctx, func(d *database) ([]invalidation.Change, error) {
		return []invalidation.Change{d.everything(invalidation.Redefinition)}, nil
	})
}

// invalidate publishes a change of each database that the plugin is
// registered with.
func (p *Plugin) invalidate(ctx context.Context, changes func(*database) ([]invalidation.Change, error)) error {
	databases := p.each()
	if len(databases) == 0 {
		return errNotRegistered
	}
	var errs []error
	for _, d := range databases {
		c, err := changes(d)
		if err == nil {
			err = p.publish(context.WithoutCancel(ctx), c)
		}
		errs = append(errs, err)
	}
	return errors.Join(errs...)
}
