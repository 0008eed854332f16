/** What the balancer calls itself in the Server field of its answers. */
export const SERVER_NAME = 'traffic-lab';
