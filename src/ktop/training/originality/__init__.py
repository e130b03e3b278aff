"""Learning of the originality model's weights from what happened later."""
