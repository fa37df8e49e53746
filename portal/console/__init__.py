"""What the pages of the sandbox console show, without HTTP."""
