"""The checkers are tested: histories that are wrong in each way that there is have to be found."""
