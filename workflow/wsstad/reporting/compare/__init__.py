"""Two results held side by side: gathered from their files, and told in words; `page.compared` draws the page."""
