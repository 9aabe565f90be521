package ent

import "entgo.io/ent/dialect"

// WrapDriver puts a driver over that of a client, as other extensions might.
func WrapDriver(c *Client, wrap func(dialect.Driver) dialect.Driver) {
	c.driver = wrap(c.driver)
	c.init()
}
