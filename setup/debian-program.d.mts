export declare function debianProgram(
  name: string,
  path: string,
): Promise<
  | { readonly command: string; readonly env: Readonly<Record<string, string>>; readonly reason?: undefined }
  | { readonly reason: string }
>;
