"""La preuve d'un document, et sa relecture par « abs verifier »."""
