"""The shell's pages: one view is one page is one template."""
