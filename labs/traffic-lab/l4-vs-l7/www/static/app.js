const { orders } = await (await fetch('/api/orders?limit=5')).json();
document.querySelector('main').replaceChildren(
  ...orders.map(({ id, customer, status }) => {
    const row = document.createElement('p');
    row.className = 'order';
    row.textContent = `${id} ${customer} ${status}`;
    return row;
  }),
);
