// What a chart says where the reader points or touches, below it: a tooltip is slow, and no use to a finger.
for (const figure of document.querySelectorAll('figure')) {
  const told = figure.querySelector('.told');
  figure.addEventListener('pointerover', (event) => {
    const title = event.target.matches('.h') && event.target.querySelector('title');
    if (title) told.textContent = title.textContent.split('\n').join(' · ');
  });
}
