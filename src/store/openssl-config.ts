import { sep } from 'node:path';

export interface OpensslConfigOptions {
  /** Absolute path of the CA folder; relative ones would depend on where openssl is started. */
  folder: string;
  /** `sha256` or `sha384`, by the CA's key. */
  digest: string;
  leafDays: number;
  crlDays: number;
}

/**
 * `openssl.cnf` of a CA folder, so that `openssl ca -config <folder>/openssl.cnf -gencrl` (or `-revoke`, `-in`) works
 * while Node-RED is stopped. Whole days: that is what openssl ca takes.
 */
export function opensslConfig({ folder, digest, leafDays, crlDays }: OpensslConfigOptions): string {
  return `# Written by Node-RED (@flowcerts/node-red-secure-mqtt) and rewritten when the folder moves.
# Use it only while Node-RED is stopped:
#   openssl ca -config <this file> -gencrl -out crl.pem
#   openssl ca -config <this file> -revoke certs/<serial>.pem
#   openssl ca -config <this file> -extensions server -in request.csr
[ ca ]
default_ca = authority

[ authority ]
dir = ${escapeValue(folder.split(sep).join('/'))}
database = $dir/index.txt
new_certs_dir = $dir/certs
certificate = $dir/ca.pem
private_key = $dir/private/ca.key.pem
serial = $dir/serial
rand_serial = yes
crlnumber = $dir/crlnumber
crl = $dir/crl.pem
default_md = ${digest}
default_days = ${Math.max(1, Math.floor(leafDays))}
default_crl_days = ${Math.max(1, Math.floor(crlDays))}
unique_subject = no
preserve = yes
email_in_dn = no
copy_extensions = none
policy = any_name
x509_extensions = client
crl_extensions = revocation_list

[ any_name ]
countryName = optional
stateOrProvinceName = optional
localityName = optional
organizationName = optional
organizationalUnitName = optional
commonName = supplied

[ server ]
basicConstraints = critical, CA:FALSE
keyUsage = critical, digitalSignature
extendedKeyUsage = serverAuth
authorityKeyIdentifier = keyid

[ client ]
basicConstraints = critical, CA:FALSE
keyUsage = critical, digitalSignature
extendedKeyUsage = clientAuth
authorityKeyIdentifier = keyid

[ revocation_list ]
authorityKeyIdentifier = keyid
`;
}

/** config(5): `$` starts a variable, `#` a comment, quotes and the backslash are special anywhere in a value. */
function escapeValue(value: string): string {
  return value.replace(/[\\$#"'`]/g, '\\$&');
}
