"""Un processus neuf par tâche et par carnet, du ``multiprocessing`` de Python, et ce qui s'y exécute."""
