/* Anime la page : un fond partagé, une couche par indicateur, une légende par couche.
   Tous les textes reçus ont été échappés en Python : ils s'insèrent tels quels. */
function demarrerAtlas(plan, donnees) {
  "use strict";
  const cherche = (selecteur) => document.querySelector(".atlas " + selecteur);
  const emprise = L.latLngBounds(donnees.emprise);
  const renduDesCercles = L.layerGroup().addTo(plan);
  const survol = L.layerGroup().addTo(plan);
  const suivre = { sticky: true, opacity: 1 };
  let active = null;

  const fonds = donnees.fonds.map((fond) => {
    const tracés = [];
    const couche = L.geoJSON(fond.contours, {
      smoothFactor: 0, // lissé tracé par tracé, deux voisins s'écarteraient
      onEachFeature: (_, tracé) => tracés.push(tracé),
    });
    return { noms: fond.noms, centres: fond.centres, couche, tracés };
  });

  function infobulle(couche, rang) {
    const lignes = couche.textes[rang];
    return "<strong>" + fonds[couche.fond].noms[rang] + "</strong><br>" + lignes.join("<br>");
  }

  // Un contour à part : remonter le tracé lui-même le ferait passer devant ses voisins et perdre la souris.
  function souligner(tracé) {
    const trait = { color: "#000", weight: 2.5, fill: false, interactive: false, pane: "survol", smoothFactor: 0 };
    tracé.on("mouseover", () => L.polygon(tracé.getLatLngs(), trait).addTo(survol));
    tracé.on("mouseout", () => survol.clearLayers());
  }

  function poserCercles(couche) {
    const centres = fonds[couche.fond].centres;
    const rangs = couche.rayons.map((_, rang) => rang).sort((a, b) => couche.rayons[b] - couche.rayons[a]);
    for (const rang of rangs) {
      const style = couche.cercles[couche.apparences[rang]];
      if (couche.nuls.includes(rang)) {
        const croix = L.divIcon({ className: "effectif-nul", html: "×", iconSize: [14, 14] });
        L.marker(centres[rang], { icon: croix, interactive: false, keyboard: false }).addTo(renduDesCercles);
      } else if (couche.rayons[rang] > 0) {
        const cercle = L.circleMarker(centres[rang], Object.assign({ radius: couche.rayons[rang], pane: "cercles" }, style));
        cercle.bindTooltip(infobulle(couche, rang), suivre).addTo(renduDesCercles);
        cercle.on("mouseover", () => cercle.setStyle({ color: "#000", weight: 2.5 }));
        cercle.on("mouseout", () => cercle.setStyle(style));
      }
    }
  }

  function remplirTableau(couche) {
    const lignes = fonds[couche.fond].noms.map((nom, rang) =>
      '<tr><th scope="row">' + nom + "</th><td>" + couche.textes[rang][0] + "</td></tr>");
    cherche("tbody").innerHTML = lignes.join("");
  }

  function montrer(rang) {
    const couche = donnees.couches[rang];
    const fond = fonds[couche.fond];
    if (active !== null && fonds[active.fond] !== fond) plan.removeLayer(fonds[active.fond].couche);
    active = couche;
    plan.addLayer(fond.couche);
    renduDesCercles.clearLayers();
    survol.clearLayers();
    fond.tracés.forEach((tracé, n) => {
      const style = couche.aplats[couche.apparences[n]];
      tracé.off("mouseover mouseout").unbindTooltip().setStyle(style);
      tracé.bindTooltip(infobulle(couche, n), suivre);
      souligner(tracé);
    });
    poserCercles(couche);
    cherche("h2").innerHTML = couche.titre;
    cherche(".sous-titre").innerHTML = couche.sousTitre;
    cherche(".place-de-legende").innerHTML = couche.legende;
    cherche("footer").innerHTML = couche.mention;
    cherche(".plan").setAttribute("aria-label", couche.alternatif);
    remplirTableau(couche);
  }

  plan.createPane("survol").style.zIndex = 410;
  plan.createPane("cercles").style.zIndex = 420;
  // Au-dessus des territoires et des cercles, mais transparents à la souris : l'infobulle reste celle du territoire.
  plan.createPane("perimetres").style.zIndex = 450;
  plan.getPane("perimetres").style.pointerEvents = "none";
  const perimetres = donnees.perimetres.map((perimetre) => {
    const groupe = L.layerGroup();
    const commun = { interactive: false, pane: "perimetres", fill: false, smoothFactor: 0 };
    L.geoJSON(perimetre.contours, Object.assign({ color: "#fff", weight: 5 }, commun)).addTo(groupe);
    L.geoJSON(perimetre.contours, Object.assign({ color: perimetre.couleur, weight: 2.5 }, commun)).addTo(groupe);
    perimetre.numeros.forEach((lieu, rang) => {
      const pastille = L.divIcon({ className: "numero-de-perimetre", html: String(rang + 1), iconSize: [19, 16] });
      L.marker(lieu, { icon: pastille, interactive: false, keyboard: false }).addTo(groupe);
    });
    return groupe.addTo(plan);
  });

  document.querySelectorAll('.atlas input[name="couche"]').forEach((bouton) =>
    bouton.addEventListener("change", () => montrer(Number(bouton.value))));
  document.querySelectorAll('.atlas input[name="perimetre"]').forEach((case_) =>
    case_.addEventListener("change", () => {
      const groupe = perimetres[Number(case_.value)];
      if (case_.checked) plan.addLayer(groupe); else plan.removeLayer(groupe);
    }));

  // Dans un cadre pas encore mis en page, le plan n'a pas de taille : cadrer y donnerait des coordonnées sans valeur.
  // Leaflet ne remesure son conteneur qu'une fois une vue posée : on la pose avant de remesurer.
  const cadrer = () => {
    const conteneur = plan.getContainer();
    if (conteneur.clientWidth < 20 || conteneur.clientHeight < 20) return false;
    plan.setView(emprise.getCenter(), 12, { animate: false });
    plan.invalidateSize({ animate: false });
    plan.fitBounds(emprise, { padding: [8, 8], animate: false });
    return true;
  };
  cherche("button.cadrer").addEventListener("click", cadrer);
  L.control.zoom({ zoomInTitle: "Zoomer", zoomOutTitle: "Dézoomer" }).addTo(plan);
  L.control.scale({ imperial: false }).addTo(plan);
  // On recadre quand le plan prend une taille : cadre tardif, onglet d'abord caché.
  let cadree = cadrer();
  new ResizeObserver(() => { if (cadree) { plan.invalidateSize(); } else { cadree = cadrer(); } })
    .observe(plan.getContainer());
  montrer(0);
}
