"""La comparaison intercommunale : les communes d'un EPCI côte à côte, leurs rangs, leurs profils, leur ville-centre."""
