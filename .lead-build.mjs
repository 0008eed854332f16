import { build } from 'esbuild';
const node={bundle:true,platform:'node',target:'node20',format:'cjs',mainFields:['module','main'],loader:{'.proto':'text'},external:['vscode'],logLevel:'warning',outdir:'/work/main/dist'};
for (const [k,v] of Object.entries({'workers/backend':'src/backends/backendWorker.ts','workers/traffic':'src/traffic/trafficWorker.ts','cli/lab':'src/cli/lab.ts','extension':'src/extension.ts','workers/balancer':'src/lab/balancerWorker.ts'})) { try{ await build({...node,entryPoints:{[k]:v},absWorkingDir:'/work/main'}) }catch(e){console.log(k,'failed')} }
