"""Les graphiques comme données : ce qu'un graphique montre, d'où viennent ses chiffres et ce que son titre affirme."""
