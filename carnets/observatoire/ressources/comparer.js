/* La comparaison : une ligne, une date. Ce qui n'a pas la même date ou la même définition n'est pas comparé. */
(function () {
  "use strict";
  const { charger, element } = window.observatoire;
  const MAXIMUM = 4;
  const SVG = "http://www.w3.org/2000/svg";
  const listes = [...document.querySelectorAll(".choix-de-territoires select")];
  const etat = document.querySelector(".etat-de-la-comparaison");
  const lien = document.querySelector(".lien-de-la-comparaison");
  const place = document.querySelector(".comparaison");
  let demande = 0;

  function codesDemandes() {
    const ancre = new URLSearchParams(location.hash.slice(1)).get("t");
    const texte = ancre !== null ? ancre : new URLSearchParams(location.search).get("t") || "";
    return [...new Set(texte.split(",").map((c) => c.trim()).filter(Boolean))].slice(0, MAXIMUM);
  }

  // La date la plus partagée ; à égalité, la plus récente. Les dates d'un territoire sont déjà de la plus récente à la plus ancienne.
  function dateCommune(series) {
    const comptes = new Map();
    for (const serie of series) {
      for (const c of serie) if (c.v !== undefined) comptes.set(c.d, (comptes.get(c.d) || 0) + 1);
    }
    const partagees = [...comptes].filter(([, n]) => n > 1);
    partagees.sort((a, b) => b[1] - a[1] || (a[0] < b[0] ? 1 : -1));
    return partagees.length ? partagees[0][0] : null;
  }

  function barre(chiffre, maximum) {
    const dessin = document.createElementNS(SVG, "svg");
    dessin.setAttribute("class", "barre" + (chiffre.f ? " fragile" : ""));
    dessin.setAttribute("viewBox", "0 0 100 8");
    dessin.setAttribute("preserveAspectRatio", "none");
    dessin.setAttribute("aria-hidden", "true");
    const trait = document.createElementNS(SVG, "rect");
    trait.setAttribute("x", "0");
    trait.setAttribute("y", "1");
    trait.setAttribute("height", "6");
    trait.setAttribute("width", String(maximum > 0 ? Math.max(0.5, (100 * chiffre.v) / maximum) : 0));
    dessin.append(trait);
    return dessin;
  }

  function refus(chiffre, repere) {
    if (jourDe(chiffre) === jourDe(repere)) return "autre définition : non comparé";
    return ((chiffre.q || "") === (repere.q || "") ? "autre date" : "autre date et autre définition") + " : non comparé";
  }

  function caseDe(serie, repere, maximum) {
    const date = repere ? repere.d : null;
    const cellule = element("td");
    const chiffre = serie.find((c) => c.d === date) || serie[0];
    if (!chiffre) {
      cellule.append(element("span", "nc", "lu"), element("small", "non publié à ce niveau"));
      return cellule;
    }
    cellule.append(element("span", chiffre.t, "lu"));
    if (chiffre.v !== undefined && chiffre.d === date && maximum !== null) cellule.append(barre(chiffre, maximum));
    const precision = [chiffre.m];
    if (chiffre.d !== date) {
      precision.unshift(chiffre.p);
      if (date !== null && chiffre.v !== undefined) cellule.append(element("span", refus(chiffre, repere), "refus"));
    }
    cellule.append(element("small", precision.filter(Boolean).join(" · ")));
    return cellule;
  }

  function jourDe(chiffre) {
    return chiffre.q ? chiffre.d.slice(0, -chiffre.q.length - 1) : chiffre.d;
  }

  function chiffresLus(series) {
    return series.map((serie) => serie.filter((c) => c.v !== undefined)).filter((serie) => serie.length);
  }

  // Deux territoires au moins ont-ils en commun ce que `lire` donne d'un chiffre ?
  function partage(series, lire) {
    const vus = series.map((serie) => new Set(serie.map(lire)));
    return vus.some((ici, rang) => vus.slice(rang + 1).some((la) => [...ici].some((x) => la.has(x))));
  }

  function raisonDuRefus(series) {
    const lues = chiffresLus(series);
    if (lues.length < 2) return "Un seul de ces territoires a un chiffre : non comparé";
    if (partage(lues, (c) => c.q || "")) return "Pas de date commune : non comparé";
    return partage(lues, jourDe) ? "Définitions différentes : non comparé" : "Ni date ni définition communes : non comparé";
  }

  function ligneDe(indicateur, series) {
    const ligne = element("tr");
    const date = dateCommune(series);
    const titre = element("th");
    titre.scope = "row";
    const adresse = element("a", indicateur.court);
    adresse.href = indicateur.lien;
    titre.append(adresse);
    ligne.append(titre);
    const alignes = date === null ? [] : series.map((s) => s.find((c) => c.d === date)).filter((c) => c && c.v !== undefined);
    const negatif = alignes.some((c) => c.v < 0);
    const maximum = alignes.length && !negatif ? Math.max(...alignes.map((c) => c.v)) : null;
    ligne.append(...series.map((serie) => caseDe(serie, alignes[0], maximum)));
    const derniere = element("td");
    if (date === null) {
      ligne.className = "non-compare";
      derniere.append(element("span", raisonDuRefus(series), "refus"));
    } else {
      derniere.textContent = alignes[0].p;
    }
    ligne.append(derniere);
    return ligne;
  }

  function tableau(titre, indicateurs, territoires) {
    const table = element("table", undefined, "tableau");
    table.append(element("caption", titre));
    const tete = element("tr");
    for (const nom of ["Indicateur", ...territoires.map((t) => t.nom), "Date"]) {
      const cellule = element("th", nom);
      cellule.scope = "col";
      tete.append(cellule);
    }
    const entete = element("thead");
    entete.append(tete);
    const corps = element("tbody");
    const lignes = indicateurs.map((i) => ({ indicateur: i, series: territoires.map((t) => t.chiffres[i.code] || []) }));
    const chiffrees = lignes.map((li) => ({ ...li, lus: chiffresLus(li.series).length })).filter((li) => li.lus > 0);
    // Ce qu'un seul territoire a ne se compare à rien : à la fin.
    for (const li of [...chiffrees.filter((l) => l.lus > 1), ...chiffrees.filter((l) => l.lus === 1)]) {
      corps.append(ligneDe(li.indicateur, li.series));
    }
    table.append(entete, corps);
    if (!corps.childElementCount) return null;
    const cadre = element("div", undefined, "defile");
    cadre.tabIndex = 0;
    cadre.setAttribute("role", "region");
    cadre.setAttribute("aria-label", titre);
    cadre.append(table);
    return cadre;
  }

  function comparer(sommaire, codes) {
    const connus = new Map(sommaire.territoires.map((t) => [t.code, t]));
    const choisis = codes.filter((c) => connus.has(c) && listes[0].querySelector('option[value="' + CSS.escape(c) + '"]'));
    const inconnus = codes.filter((c) => !choisis.includes(c));
    listes.forEach((liste, rang) => { liste.value = choisis[rang] || ""; });
    const suite = inconnus.length ? " Code absent de cet observatoire : " + inconnus.join(", ") + "." : "";
    place.replaceChildren();
    lien.hidden = choisis.length < 2;
    if (choisis.length < 2) {
      etat.textContent = "Choisir au moins deux territoires." + suite;
      return;
    }
    lien.querySelector("a").href = "comparer.html?t=" + choisis.map(encodeURIComponent).join(",");
    const numero = ++demande;
    Promise.all(choisis.map((c) => charger("territoire", connus.get(c).cle))).then((territoires) => {
      if (numero !== demande) return;
      for (const [theme, titre] of Object.entries(sommaire.themes)) {
        const dessine = tableau(titre, sommaire.indicateurs.filter((i) => i.theme === theme), territoires);
        if (dessine) place.append(dessine);
      }
      etat.textContent = territoires.map((t) => t.nom).join(", ") + "." + suite;
    }, () => { etat.textContent = "Les données d'un de ces territoires manquent dans le dossier du site." + suite; });
  }

  charger("sommaire", "").then((sommaire) => {
    const relire = () => comparer(sommaire, codesDemandes());
    listes.forEach((liste) => liste.addEventListener("change", () => {
      const codes = [...new Set(listes.map((l) => l.value).filter(Boolean))];
      location.hash = "t=" + codes.join(",");
    }));
    window.addEventListener("hashchange", relire);
    relire();
  });
})();
