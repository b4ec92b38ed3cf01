/* Le socle du site : registre des données chargées par des balises script (file:// refuse fetch), et recherche.
   Aucun texte n'est jamais interprété : tout passe par textContent. */
(function () {
  "use strict";
  const recus = new Map();
  const attentes = new Map();
  const racine = document.body.dataset.racine || "";
  const dossiers = { territoire: "territoires/", contours: "contours-", carte: "cartes/", fabrication: "fabrication" };

  // Appelée par chaque fichier de données.
  function recevoir(genre, cle, contenu) {
    recus.set(genre + "/" + cle, contenu);
  }

  // Donne un contenu, en chargeant son fichier au besoin.
  function charger(genre, cle) {
    const nom = genre + "/" + cle;
    if (recus.has(nom)) return Promise.resolve(recus.get(nom));
    if (!attentes.has(nom)) {
      attentes.set(nom, new Promise((tenir, refuser) => {
        const balise = document.createElement("script");
        balise.src = racine + "donnees/" + dossiers[genre] + encodeURIComponent(cle) + ".js";
        balise.onload = () => (recus.has(nom) ? tenir(recus.get(nom)) : refuser(new Error(nom)));
        balise.onerror = () => refuser(new Error(nom));
        document.head.append(balise);
      }));
    }
    return attentes.get(nom);
  }

  function normaliser(texte) {
    return texte.normalize("NFD").replace(/[\u0300-\u036f]/g, "").toLowerCase()
      .replace(/œ/g, "oe").replace(/æ/g, "ae").replace(/[^a-z0-9]+/g, " ").trim();
  }

  function element(nom, texte, classe) {
    const cree = document.createElement(nom);
    if (texte !== undefined) cree.textContent = texte;
    if (classe) cree.className = classe;
    return cree;
  }

  window.observatoire = { recevoir, charger, normaliser, element, racine };

  // -- recherche --------------------------------------------------------------------------------
  const MAXIMUM = 12;
  let index = null;

  function indexer() {
    const sommaire = recus.get("sommaire/");
    if (!sommaire) return [];
    const lieux = sommaire.territoires.filter((t) => t.lien).map((t) => ({
      nom: t.nom,
      precision: t.nature + " " + t.code + (t.dans ? " · " + t.dans : ""),
      lien: t.lien,
      cles: [normaliser(t.nom), normaliser(t.code)],
    }));
    const mesures = sommaire.indicateurs.map((i) => ({
      nom: i.nom,
      precision: "indicateur · " + sommaire.themes[i.theme],
      lien: i.lien,
      cles: [normaliser(i.nom), normaliser(i.court), normaliser(i.code)],
    }));
    return lieux.concat(mesures);
  }

  // Nom égal, puis début de nom, puis début de mot, puis tous les mots présents quelque part.
  function rang(entree, cherche) {
    if (entree.cles.includes(cherche)) return 0;
    if (entree.cles.some((cle) => cle.startsWith(cherche))) return 1;
    if (entree.cles.some((cle) => (" " + cle).includes(" " + cherche))) return 2;
    const tout = entree.cles.join(" ");
    return cherche.split(" ").every((mot) => tout.includes(mot)) ? 3 : -1;
  }

  function chercher(texte) {
    const cherche = normaliser(texte);
    if (!cherche) return [];
    index = index || indexer();
    return index.map((entree, place) => ({ entree, place, rang: rang(entree, cherche) }))
      .filter((trouve) => trouve.rang >= 0)
      .sort((a, b) => a.rang - b.rang || a.place - b.place)
      .map((trouve) => trouve.entree);
  }

  function brancherLaRecherche(boite) {
    const champ = boite.querySelector("input");
    const liste = boite.querySelector(".reponses");
    const compte = boite.querySelector(".compte");

    function montrer() {
      const trouves = chercher(champ.value);
      liste.replaceChildren(...trouves.slice(0, MAXIMUM).map((entree) => {
        const lien = element("a", entree.nom);
        lien.href = racine + entree.lien;
        lien.append(" ", element("small", entree.precision));
        const ligne = element("li");
        ligne.append(lien);
        return ligne;
      }));
      liste.hidden = trouves.length === 0;
      const reste = trouves.length > MAXIMUM ? ", les " + MAXIMUM + " premières montrées" : "";
      compte.textContent = !normaliser(champ.value) ? ""
        : trouves.length === 0 ? "Aucune réponse."
        : trouves.length === 1 ? "1 réponse." : trouves.length + " réponses" + reste + ".";
    }

    function deplacer(pas) {
      const liens = [...liste.querySelectorAll("a")];
      const ici = liens.indexOf(document.activeElement);
      const la = ici + pas;
      if (la < 0) champ.focus();
      else if (la < liens.length) liens[la].focus();
    }

    champ.addEventListener("input", montrer);
    boite.addEventListener("keydown", (touche) => {
      if (touche.key === "ArrowDown" || touche.key === "ArrowUp") {
        touche.preventDefault();
        deplacer(touche.key === "ArrowDown" ? 1 : -1);
      } else if (touche.key === "Escape") {
        liste.hidden = true;
        champ.focus();
      } else if (touche.key === "Enter" && document.activeElement === champ) {
        const premier = liste.querySelector("a");
        if (premier && !liste.hidden) premier.click();
      }
    });
    document.addEventListener("click", (clic) => { if (!boite.contains(clic.target)) liste.hidden = true; });
  }

  // -- fragment à inclure -----------------------------------------------------------------------
  function brancherLeFragment(zone) {
    if (!location.protocol.startsWith("http")) return;
    const adresse = new URL(racine + zone.dataset.carte, location.href).href;
    zone.value = zone.value.replace(/https:\/\/ADRESSE-DU-SITE\/[^"]*/, adresse);
  }

  function brancherLaCopie(bouton) {
    bouton.addEventListener("click", () => {
      const zone = document.getElementById(bouton.dataset.cible);
      const dit = bouton.parentElement.querySelector("[role=status]");
      zone.select();
      const copie = navigator.clipboard ? navigator.clipboard.writeText(zone.value) : Promise.reject(new Error());
      copie.then(() => { dit.textContent = "Copié."; },
        () => { dit.textContent = "Le fragment est sélectionné : copiez-le avec Ctrl+C."; });
    });
  }

  document.querySelectorAll(".recherche").forEach(brancherLaRecherche);
  document.querySelectorAll("textarea[data-carte]").forEach(brancherLeFragment);
  document.querySelectorAll("button.copier").forEach(brancherLaCopie);
  // La date du site est dans un fichier à part : les pages restent les mêmes d'une fabrication à l'autre.
  document.querySelectorAll(".jour-du-site").forEach((place) => {
    charger("fabrication", "").then((lue) => { place.textContent = "Établi le " + lue.etabli_le + ". "; }, () => {});
  });
  // Un lien vers une ligne d'un tableau replié ouvre ce tableau.
  function ouvrirLaCible() {
    const cible = location.hash && document.getElementById(decodeURIComponent(location.hash.slice(1)));
    for (let e = cible; e; e = e.parentElement) if (e.tagName === "DETAILS") e.open = true;
  }
  window.addEventListener("hashchange", ouvrirLaCible);
  ouvrirLaCible();
})();
