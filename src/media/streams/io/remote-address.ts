const mappedIpv4 = /^(?:::|(?:0{1,4}:){5})ffff:/i;

/** An IP address as text, with IPv4 inside IPv6 (`::ffff:127.0.0.1`, RFC 4291 §2.5.5.2) written as IPv4. */
export function plainAddress(address: string): string {
  const mapped = mappedIpv4.exec(address);
  if (!mapped) return address;
  const rest = address.slice(mapped[0].length);
  const groups = /^([0-9a-f]{1,4}):([0-9a-f]{1,4})$/i.exec(rest);
  if (!groups) return rest;
  const [high, low] = [Number.parseInt(groups[1]!, 16), Number.parseInt(groups[2]!, 16)];
  return `${high >> 8}.${high & 255}.${low >> 8}.${low & 255}`;
}
