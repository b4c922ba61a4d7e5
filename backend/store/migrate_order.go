package store

import (
	"doorward/backend/access"
	"doorward/backend/store/kv"
)

// schemaOfOrders is the schema since which members have a place in each order.
const schemaOfOrders = 8

// orderBatch is the number of members that get their places in one Update: at most nine
// entries each.
const orderBatch = 10

// orderMembers: members were listed only by their invitation, newest first. They get a place
// in the other orders, and the entries of login requests what these are filtered by.
func orderMembers(tx *Tx, last []byte) (now []byte, err error) {
	return migrateEach(tx, last, orderBatch, func(e kv.KV) error {
		var m access.Member
		if err := decode(e.Key, e.Value, &m); err != nil {
			return err
		}
		for key, value := range memberEntries(&m) {
			switch recordOf([]byte(key)).prefix {
			case orderPrefix, loginRequestPrefix:
				if err := tx.mark([]byte(key), value); err != nil {
					return err
				}
			}
		}
		return nil
	}, memberPrefix)
}
