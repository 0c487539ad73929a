"""Tools that know no mobility."""
