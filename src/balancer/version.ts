/** Of the balancer; `$nginx_version`. */
export const version = '0.1.0';
