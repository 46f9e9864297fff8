package complete_test

import data.oakum

test_unreadable_blocks if {
	oakum.deny_gap == {"unreadable: what is not looked at may hold anything"} with input as {"gap": {"code": "unreadable", "class": "failure"}}
}

test_boundary_blocks_too if {
	count(oakum.deny_gap) == 1 with input as {"gap": {"code": "encrypted", "class": "boundary"}}
}

test_known_gap_is_let_through if {
	count(oakum.deny_gap) == 0 with input as {"gap": {"code": "submodule", "class": "boundary"}}
	count(oakum.allow_gap) == 1 with input as {"gap": {"code": "submodule", "class": "boundary"}}
}
