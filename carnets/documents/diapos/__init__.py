"""Les diapositives d'un document : un message chacune, des graphiques modifiables."""
