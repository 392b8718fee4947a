/** An interpreter that a machine can have. */
export interface PythonProfile {
  /** Version; of the operating system's the oldest that a new machine installs. */
  readonly version: string;
  /** Whether the operating system has it. */
  readonly packaged: boolean;
  /** The program. */
  readonly command: string;
  /** Packages that give the interpreter and pip. */
  readonly packages: readonly string[];
  /** Where it is fetched from, where the operating system has none. */
  readonly archive?: PythonArchive;
}

/** An archive of python-build-standalone, whose builds uv installs: they stand alone, and bring pip. */
export interface PythonArchive {
  /** Everything after the address of the releases, but for `ARCHITECTURE`. */
  readonly path: string;
  /** SHA-256 by what `uname -m` calls the architecture. */
  readonly sha256: Readonly<Record<'x86_64' | 'aarch64', string>>;
}

/** The release that the digests below are of. */
const BUILD = '20260414';

/** SHA-256 of its archives `install_only`, for x86_64 and aarch64: as rules_python lists them in python/private/runtimes_manifest.txt. */
const DIGESTS: Readonly<Record<string, readonly [x86_64: string, aarch64: string]>> = {
  '3.11.15': [
    '8b14030dd3af9ea7f7c51b4c90feb04afd8a8f45435727e67b875270bd08f3bc',
    '77836944ae15b74e0b25bdc68a4703a340f2ccb684effc0f45fbd7910e1a1f39',
  ],
  '3.12.13': [
    'cdcf8724d46e4857f8db5ee9f4252dc2f5da34f7940294ec6b312389dd3f41e0',
    '355d981eafb9b2870af79ddc106ced7266b6f6d2101d8fbcb05620fa386642b9',
  ],
  '3.13.13': [
    'e5ec3b2c5693215d153c434ac018e75511b2c4f96d2bce30468a477cb3a89d5e',
    '6a65f68043d7fadcd580415493d2929d1fd686013f9ae44ddbd3a81307ab256d',
  ],
  '3.14.4': [
    'e17275eaf95ceb5877aa6816e209b7733f41fee401d39c3921b88fb73fc4a4ba',
    '5c8db1c21023316adad827a46d917bbbd6a85ae4e39bc3a58febda712c2f963d',
  ],
};

/** Where those that the operating system lacks are unpacked. */
const FOLDER = '/usr/local/lib/plumbline/python';

/** Those that are the same on every operating system. What runs beside the application wants 3.11 (asyncio.timeout, tomllib), and 3.10 gets no fixes since October 2026. */
export const STANDALONE_PYTHONS: readonly PythonProfile[] = Object.entries(DIGESTS).map(([version, [x86, arm]]) => ({
  version,
  packaged: false,
  command: `${FOLDER}/${version}/bin/python3`,
  packages: [],
  archive: {
    path: `${BUILD}/cpython-${version}%2B${BUILD}-ARCHITECTURE-unknown-linux-gnu-install_only.tar.gz`,
    sha256: { x86_64: x86, aarch64: arm },
  },
}));

/** One that the operating system has. */
export function packagedPython(version: string, command: string, packages: readonly string[]): PythonProfile {
  return { version, packaged: true, command, packages };
}
