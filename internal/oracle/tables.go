package oracle

// A table is a tracked table, as the schemas declare it.
type table struct {
	label, name string
	id          []string          // the columns that identify a row in the log
	columns     map[string]column // by the field's name
	edges       map[string]links  // by the edge's name
}

// key returns the column of the primary key; where it is two, the last, to which no link points.
func (tab table) key() string {
	if tab.name == "teams" || tab.name == "sites" {
		return "id"
	}
	return tab.id[len(tab.id)-1]
}

type column struct {
	name string
	kind kind
}

// Links are those of an edge to many, in the rows of another table.
type links struct {
	table, owner, target string
}

var tables = []table{
	{"User", "users", ids("id"), map[string]column{
		"name": {"name", text}, "email": {"email", text}, "age": {"age", integer}, "nick": {"nick", text}, "spouse": {"user_spouse", integer},
	}, map[string]links{
		"groups": {"group_users", "user_id", "group_id"}, "teams": {"memberships", "user_id", "team_id"},
		"friends":   {"user_friends", "user_id", "friend_id"},
		"following": {"user_following", "user_id", "follower_id"}, "followers": {"user_following", "follower_id", "user_id"},
	}},
	{"Pet", "pets", ids("id"), map[string]column{"name": {"name", text}, "kind": {"kind", text}, "chip": {"chip", text}, "owner": {"user_pets", integer}}, nil},
	{"Card", "cards", ids("id"), map[string]column{"number": {"card_number", text}, "owner_id": {"card_owner", integer}}, nil},
	{"Node", "nodes", ids("id"), map[string]column{"name": {"name", text}, "parent": {"node_children", integer}, "mentor": {"node_pupils", integer}}, nil},
	{"Doc", "docs", ids("doc_id"), map[string]column{
		"title": {"doc_title", text}, "body": {"body", binary}, "meta": {"meta", document}, "tags": {"tags", document}, "extra": {"extra", document},
		"score": {"score", float}, "published": {"published", boolean}, "views": {"view_count", integer}, "length": {"length", integer},
		"price": {"price", integer}, "level": {"level", text}, "due": {"due", moment}, "revision": {"revision", integer}, "link": {"link", text},
	}, nil},
	{"site", "sites", ids("code"), map[string]column{"code": {"code", text}, "city": {"city", text}, "edited_by": {"edited_by", integer}, "org": {"org_sites", integer}}, nil},
	{"Memo", "memos", ids("id"), map[string]column{"text": {"text", text}, "deleted": {"deleted", boolean}}, nil},
	{"Badge", "badges", ids("id"), map[string]column{"text": {"text", text}}, nil},
	{"Twin", "twins", ids("id"), map[string]column{"name": {"name", text}}, nil},
	{"Group", "groups", ids("id"), map[string]column{"name": {"name", text}, "size": {"size", integer}}, map[string]links{
		"users": {"group_users", "group_id", "user_id"}, "rooms": {"group_rooms", "group_id", "room_id"},
	}},
	{"Team", "teams", ids("slug"), map[string]column{"slug": {"slug", text}}, map[string]links{"members": {"memberships", "team_id", "user_id"}}},
	{"Membership", "memberships", ids("id"), map[string]column{"team_id": {"team_id", integer}, "user_id": {"user_id", integer}, "role": {"role", text}}, nil},
	{"Tag", "tags", ids("id"), map[string]column{"title": {"title", text}}, map[string]links{"posts": {"taggings", "tag_id", "post_id"}}},
	{"Post", "posts", ids("id"), map[string]column{"title": {"title", text}}, map[string]links{"tags": {"taggings", "post_id", "tag_id"}}},
	{"Tagging", "taggings", ids("post_id", "tag_id"), map[string]column{
		"post_id": {"post_id", integer}, "tag_id": {"tag_id", text}, "weight": {"weight", integer}, "at": {"at", moment},
	}, nil},
	{"Shelf", "shelves", ids("id"), map[string]column{"name": {"name", text}, "lamp": {"shelf_lamp", integer}}, map[string]links{
		"books": {"books", "shelf_books", "id"}, "boxes": {"boxes", "shelf_boxes", "id"},
	}},
	{"Book", "books", ids("id"), map[string]column{
		"author": {"author", text}, "title": {"book_title", text}, "copies": {"copies", integer}, "shelf": {"shelf_books", integer},
	}, nil},
	{"Lamp", "lamps", ids("id"), map[string]column{"watts": {"watts", integer}}, nil},
	{"Token", "tokens", ids("id"), map[string]column{"scope": {"scope", text}}, nil},
	{"Account", "accounts", ids("id"), map[string]column{"balance": {"balance", text}, "version": {"version", integer}, "head": {"account_branches", text}},
		map[string]links{"linked": {"account_linked", "account_id", "linked_id"}}},
	{"Gauge", "gauges", ids("id"), map[string]column{
		"level": {"level", integer}, "mode": {"mode", text}, "checks": {"checks", integer}, "maker": {"maker", text},
	}, nil},
	{"Page", "pages", ids("id"), map[string]column{"text": {"text", text}}, nil},
}

func ids(columns ...string) []string { return columns }

// Tables returns the names of all tables, in an order in which their rows can be deleted once the foreign keys of users and nodes
// to their own kind are cleared.
func Tables() []string {
	return []string{
		"audit_logs", "cards", "badges", "pets", "sites", "orgs", "docs", "memos", "twins", "brokens", "plain_things",
		"group_users", "group_rooms", "user_friends", "user_following", "account_linked", "memberships", "taggings", "groups", "rooms", "teams", "tags", "posts",
		"books", "boxes", "shelves", "lamps", "tokens", "accounts", "pages", "gauges", "nodes", "users",
		"parcels", "patron_mates", "patrons",
	}
}
