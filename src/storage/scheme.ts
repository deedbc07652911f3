/** Whether a place is a URL that remote models can lie at, rather than a path. */
export const isRemote = (place: string): boolean => /^(https?|s3|hf):\/\//i.test(place);
