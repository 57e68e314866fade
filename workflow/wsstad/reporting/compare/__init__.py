"""Two results held side by side: gathered from their files, and put into words; `page.compared` draws the page."""
