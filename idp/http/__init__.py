"""Flask helpers without business: cookies, headers, page rendering, request limits, error pages."""
