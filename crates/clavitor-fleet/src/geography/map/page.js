// Sorts the table by the column whose heading was pressed; pressed again, the other way round.
'use strict';
const body = document.querySelector('tbody');
const said = document.querySelector('#said');
const headings = [...document.querySelectorAll('thead th')];
const key = (row, column) => {
  const cell = row.cells[column];
  return cell.dataset.value === undefined ? cell.textContent : Number(cell.dataset.value);
};
const compare = (one, two) => (typeof one === 'number' ? one - two : one.localeCompare(two));
const sort = (heading) => {
  const column = headings.indexOf(heading);
  const ascending = heading.getAttribute('aria-sort') !== 'ascending';
  const rows = [...body.rows].sort((one, two) => compare(key(one, column), key(two, column)) * (ascending ? 1 : -1));
  headings.forEach((other) => other.removeAttribute('aria-sort'));
  heading.setAttribute('aria-sort', ascending ? 'ascending' : 'descending');
  body.append(...rows);
  said.textContent = `Sorted by ${heading.textContent.trim()}, ${ascending ? 'ascending' : 'descending'}`;
};
headings.forEach((heading) => {
  heading.querySelector('button').addEventListener('click', () => sort(heading));
});
