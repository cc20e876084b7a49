/** The kinds of certificate a CA issues. What each contains is the table in `src/pki/profiles.ts`. */
export const LEAF_PROFILES = ['server', 'client', 'device', 'server-client'] as const;
export const CA_PROFILES = ['root', 'intermediate'] as const;

export type LeafProfile = (typeof LEAF_PROFILES)[number];
export type CaProfile = (typeof CA_PROFILES)[number];
export type ProfileName = LeafProfile | CaProfile;

export function isLeafProfile(value: unknown): value is LeafProfile {
  return (LEAF_PROFILES as readonly unknown[]).includes(value);
}
